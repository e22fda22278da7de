// Compiles relay/ against the SDL given into the folder given, and prints the manifest of persisted documents.
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [schema, folder] = process.argv.slice(2);
cpSync(join(import.meta.dirname, "relay"), folder, { recursive: true });
cpSync(schema, join(folder, "schema.graphql"));
writeFileSync(join(folder, "package.json"), '{"type": "module"}');
writeFileSync(join(folder, "persisted.json"), "{}");
writeFileSync(
  join(folder, "relay.config.json"),
  JSON.stringify({
    src: ".",
    schema: "schema.graphql",
    language: "javascript",
    eagerEsModules: true,
    persistConfig: { file: "persisted.json", algorithm: "SHA256" },
  }),
);
const cli = join(import.meta.dirname, "node_modules", "relay-compiler", "cli.js");
const done = spawnSync(process.execPath, [cli, "--noWatchman", "relay.config.json"], { cwd: folder, encoding: "utf8" });
if (done.status !== 0) throw new Error(done.stdout + done.stderr);
console.log(readFileSync(join(folder, "persisted.json"), "utf8"));
