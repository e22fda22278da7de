// Compares the SDL given with the schema that the address answers with, and prints the changes.
import { readFileSync } from "node:fs";
import { diff } from "@graphql-inspector/core";
import { buildClientSchema, buildSchema, getIntrospectionQuery } from "graphql";

const [path, url, token] = process.argv.slice(2);
const response = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
  body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true }) }),
});
const { data } = await response.json();
const changes = await diff(buildSchema(readFileSync(path, "utf8")), buildClientSchema(data));
// Introspection does not tell where directives stand, only what those of GraphQL itself mean.
const told = changes.filter(({ type }) => !type.startsWith("DIRECTIVE_USAGE"));
console.log(JSON.stringify(told.map(({ type, path, message }) => ({ type, path, message }))));
