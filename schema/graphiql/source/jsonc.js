// How "Prettify" lays out variables and headers: as a Prettier plugin over the JSON formatter that is bundled anyway.
// It stands in for Prettier's JavaScript parser and printer, which are half a megabyte.
import { applyEdits, format } from 'jsonc-parser';

function lay(text) {
  return applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 })).trim();
}

export const parsers = {
  jsonc: {
    astFormat: 'laid-out',
    parse: (text) => ({ text: lay(text) }),
    locStart: () => 0,
    locEnd: (node) => node.text.length,
  },
};

export const printers = { 'laid-out': { print: (path) => path.node.text } };
