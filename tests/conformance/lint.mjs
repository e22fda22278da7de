// Lints the SDL given by graphql-eslint's rules for schemas and for Relay, and prints what they say.
import { readFileSync } from "node:fs";
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

const [path] = process.argv.slice(2);
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: {
    files: ["**/*.graphql"],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: path } } },
    plugins: { "@graphql-eslint": plugin },
    rules: {
      ...plugin.configs["flat/schema-all"].rules,
      ...plugin.configs["flat/schema-relay"].rules,
      // Fields, values and inputs stand in the order in which one reads them: what matters first.
      "@graphql-eslint/alphabetize": "off",
      // It forbids the roots that it is told to; there are queries, mutations and subscriptions.
      "@graphql-eslint/no-root-type": "off",
      // Block.blockedAt: a block that was put in place then, not a field named after its type.
      "@graphql-eslint/no-typename-prefix": "off",
      // Connections have `nodes` beside `edges`, as GitHub's have; a suggestion or a hit is of its list alone, no Node.
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // What is ranked anew each time can be read forward only: it has no end to start from.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      // What has an id has one; these are values: results, choices, reasons, counts.
      "@graphql-eslint/strict-id-in-types": "off",
      // Of a directive of GraphQL itself, as it is printed.
      "@graphql-eslint/require-description": [
        "error",
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
    },
  },
});
const [{ messages }] = await eslint.lintText(readFileSync(path, "utf8"), { filePath: "schema.graphql" });
// Arguments of these directives are described with the directive: Strawberry prints no text of their own.
const described = ({ ruleId, message }) =>
  ruleId === "@graphql-eslint/require-description" && / in directive "(cost|listSize)"$/.test(message);
const faults = messages.filter((one) => !described(one));
console.log(JSON.stringify(faults.map(({ ruleId, line, message }) => ({ rule: ruleId, line, message }))));
