// Generates types for typed/app.ts from the SDL given, by graphql-codegen's client preset with strict scalars, and lets
// tsc check them. Prints what tsc says, and the manifest of persisted documents.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "@graphql-codegen/cli";

const [schema] = process.argv.slice(2);
const folder = mkdtempSync(join(import.meta.dirname, "typed-")); // here, where its imports are found
try {
  cpSync(join(import.meta.dirname, "typed"), folder, { recursive: true });
  await generate(
    {
      schema,
      documents: [join(folder, "app.ts")],
      silent: true,
      generates: {
        [`${folder}/generated/`]: {
          preset: "client",
          presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
          config: {
            strictScalars: true,
            useTypeImports: true,
            scalars: { Date: "string", DateTime: "string", JSON: "unknown", PartialDate: "string" },
          },
        },
      },
    },
    true,
  );
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"];
  const tsc = join(import.meta.dirname, "node_modules", "typescript", "bin", "tsc");
  writeFileSync(join(folder, "package.json"), '{"type": "commonjs"}'); // what is generated imports without suffixes
  const checked = spawnSync(process.execPath, [tsc, ...options, "app.ts"], { cwd: folder, encoding: "utf8" });
  const manifest = JSON.parse(readFileSync(join(folder, "generated", "persisted-documents.json"), "utf8"));
  console.log(JSON.stringify({ status: checked.status, said: checked.stdout + checked.stderr, manifest }));
} finally {
  rmSync(folder, { recursive: true });
}
