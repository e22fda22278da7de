// Pages through the directory with relay-runtime, forward and back, by ids of documents alone, with what
// relay-compile.mjs left in the folder given; then reads one person again by the global id. Prints what the store holds.
import { join } from "node:path";
import relay from "relay-runtime";

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery } = relay;
const [folder, url, token] = process.argv.slice(2);
const artifact = async (name) => (await import(join(folder, "__generated__", `${name}.graphql.js`))).default;
const [directory, one] = [await artifact("queriesDirectoryQuery"), await artifact("queriesPersonQuery")];

async function send({ id }, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ id, variables }),
  });
  return response.json();
}

async function pages(size, direction, count) {
  const environment = new Environment({ network: Network.create(send), store: new Store(new RecordSource()) });
  const [length, cursor] = direction === "forward" ? ["first", "after"] : ["last", "before"];
  const first = createOperationDescriptor(directory, { [length]: size });
  environment.retain(first);
  let given = null;
  const sizes = [];
  for (let page = 0; page < count; page++) {
    const variables = { [length]: size, ...(given ? { [cursor]: given } : {}) };
    await fetchQuery(environment, directory, variables).toPromise();
    const { people } = environment.lookup(first.fragment).data;
    given = direction === "forward" ? people.pageInfo.endCursor : people.pageInfo.startCursor;
    sizes.push(people.edges.length);
  }
  const { people } = environment.lookup(first.fragment).data;
  const id = people.edges[0].node.__id;
  const { node } = await fetchQuery(environment, one, { id }).toPromise();
  return {
    sizes,
    names: people.edges.map(({ node }) => node.displayName),
    again: node !== null,
    more: direction === "forward" ? people.pageInfo.hasNextPage : people.pageInfo.hasPreviousPage,
  };
}

console.log(JSON.stringify({ forward: await pages(7, "forward", 3), backward: await pages(7, "backward", 3) }));
