// Builds ../index.html, ../assets/ and ../LICENSES.txt from main.jsx and the packages that package-lock.json pins.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const assets = join('..', 'assets');
const shared = {
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: 'none', // they are in LICENSES.txt
  target: 'es2022',
  outdir: assets,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file' },
  charset: 'utf8',
  alias: {
    'monaco-editor/esm/vs/editor/edcore.main.js': './editor.js',
    'prettier/parser-babel': './jsonc.js',
    'prettier/plugins/estree': './jsonc.js',
    'prettier/parser-graphql': 'prettier/plugins/graphql', // the same parser, which would be there twice
  },
};

function builtFrom(result, source) {
  const found = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(source));
  return { script: basename(found[0]), stylesheet: found[1].cssBundle && basename(found[1].cssBundle) };
}

// Every package with a file in the bundle, from the closest package.json above that file.
function packagesIn(results) {
  const folders = new Set();
  for (const input of results.flatMap((result) => Object.keys(result.metafile.inputs))) {
    const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) folders.add(found[1]);
  }
  return [...folders].sort();
}

// Some packages name the licence but leave its text to their repository. All of those are MIT; any other stops the build.
function impliedLicence({ name, license, author, contributors, repository }) {
  if (license !== 'MIT') throw new Error(`${name} (${license}) carries no licence text: add it by hand`);
  const people = [author ?? contributors ?? []].flat().map((person) => person.name ?? person);
  const holders = people.length ? people.join(', ') : `the authors of ${repository.url}`;
  return readFileSync('MIT.txt', 'utf8').replace('HOLDERS', holders).trim();
}

function licenceOf(folder) {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(file)).sort();
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').replace(/[ \t\r]+$/gm, '').trim());
  const body = texts.length ? texts.join('\n\n') : impliedLicence(about);
  const line = '='.repeat(80);
  return `${line}\n${about.name} ${about.version} (${about.license})\n${line}\n\n${body}\n`;
}

if (existsSync(assets)) rmSync(assets, { recursive: true });
mkdirSync(assets);

const workers = await build({
  ...shared,
  format: 'esm',
  splitting: true, // what the three share is in a chunk of its own
  chunkNames: 'worker-[hash]',
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
const worker = (source) => JSON.stringify(`./${builtFrom(workers, source).script}`);
const page = await build({
  ...shared,
  format: 'esm',
  jsx: 'automatic',
  entryPoints: { graphiql: 'main.jsx' },
  define: {
    ...shared.define,
    EDITOR_WORKER: worker('editor.worker.js'),
    JSON_WORKER: worker('json.worker.js'),
    GRAPHQL_WORKER: worker('graphql.worker.js'),
  },
});

const { script, stylesheet } = builtFrom(page, 'main.jsx');
const html = readFileSync('index.html', 'utf8').replace('SCRIPT', script).replace('STYLESHEET', stylesheet);
writeFileSync(join('..', 'index.html'), html);
writeFileSync(join('..', 'LICENSES.txt'), packagesIn([workers, page]).map(licenceOf).join('\n'));
