// PostGraphile 5 over views that hold the member's rows.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { pool, port, setup, viewerOf } from "./caller.js";

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["peers"] })],
  // Facts are short lists, not connections.
  schema: { defaultBehavior: "+manyRelation:resource:list -manyRelation:resource:connection" },
  grafserv: { port, graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: {
    context: async (request) => ({
      pgSettings: { "peers.viewer": await viewerOf(request.node.req.headers.authorization) },
    }),
  },
});

if (process.argv.includes("--schema")) {
  const { printSchema } = await import("graphql");
  console.log(printSchema(await pgl.getSchema()));
  process.exit(0);
}
const server = createServer();
await pgl.createServ(grafserv).addTo(server);
server.listen(port, "127.0.0.1");
