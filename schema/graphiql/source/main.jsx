// What the page is: GraphiQL talking to the path it was served from, with its workers beside it.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
// The parts of graphiql/style.css without its embedded web fonts, which would triple the stylesheet.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';

const DEFAULT_QUERY = `# Whom you should meet, and what speaks for it.
#
# 1. Print a token:
#      .venv/bin/alumni token --as member
# 2. Paste it into Headers, below:
#      { "Authorization": "Bearer TOKEN" }
# 3. Press Ctrl-Enter.

{
  viewer {
    person {
      displayName
    }
  }
  peopleYouShouldMeet(first: 10) {
    nodes {
      person {
        displayName
      }
      evidence {
        kind
        text
      }
    }
  }
}
`;

// build.mjs replaces the names by those of the built files, which carry a hash of their content.
const WORKERS = { json: JSON_WORKER, graphql: GRAPHQL_WORKER };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(WORKERS[label] ?? EDITOR_WORKER, import.meta.url), { type: 'module' }),
};

const endpoint = window.location.origin + window.location.pathname;
const fetcher = createGraphiQLFetcher({ url: endpoint, subscriptionUrl: endpoint.replace(/^http/, 'ws') });
const plugins = [HISTORY_PLUGIN];

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    referencePlugin={DOC_EXPLORER_PLUGIN}
    visiblePlugin={DOC_EXPLORER_PLUGIN}
    defaultQuery={DEFAULT_QUERY}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders
  >
    <GraphiQL.Logo>Alumni network</GraphiQL.Logo>
  </GraphiQL>,
);
