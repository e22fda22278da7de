// Pages through the directory with Apollo Client: automatic persisted queries by GET, a normalised cache, fetchMore; then
// reads from the cache alone. Prints what came back and what went over the wire.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { relayStylePagination } from "@apollo/client/utilities/index.js";
import { createHash } from "node:crypto";

const [url, token] = process.argv.slice(2);
const sent = [];
const recording = async (address, options) => {
  const response = await fetch(address, options);
  sent.push({ method: options.method, withText: `${address}${options.body ?? ""}`.includes("displayName"), status: response.status });
  return response;
};
const client = new ApolloClient({
  link: ApolloLink.from([
    new PersistedQueryLink({
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
      useGETForHashedQueries: true,
    }),
    new HttpLink({
      uri: url,
      fetch: recording,
      headers: { authorization: `Bearer ${token}`, "apollo-require-preflight": "true" },
    }),
  ]),
  cache: new InMemoryCache({ typePolicies: { Query: { fields: { people: relayStylePagination(["filter", "orderBy"]) } } } }),
});
const query = gql`
  query Directory($first: Int, $after: String) {
    people(first: $first, after: $after) {
      edges { cursor node { id displayName } }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
  }
`;
const shown = client.watchQuery({ query, variables: { first: 7 } });
const subscription = shown.subscribe({});
await shown.result?.();
let { data } = await client.query({ query, variables: { first: 7 } });
for (let page = 1; page < 3; page++) {
  await shown.fetchMore({ variables: { first: 7, after: data.people.pageInfo.endCursor } });
  data = client.readQuery({ query, variables: { first: 7 } });
}
const requests = sent.length;
const cached = await client.query({ query, variables: { first: 7 }, fetchPolicy: "cache-first" });
subscription.unsubscribe();
const wrong = await client.query({ query: gql`query Wrong { nothing }`, fetchPolicy: "network-only" }).then(
  () => "no error",
  (error) => error.errors?.[0]?.extensions?.code ?? String(error),
);
console.log(
  JSON.stringify({
    names: cached.data.people.edges.map(({ node }) => node.displayName),
    sent: sent.slice(0, requests),
    wrong,
    normalised: Object.keys(client.extract()).filter((key) => key.startsWith("Person:")).length,
  }),
);
client.stop();
