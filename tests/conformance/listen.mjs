// Asks, changes and listens with graphql-ws (`ws`) or with graphql-sse in its mode of distinct connections (`sse`). Prints a
// line once it hears events: from then on its connection may be broken. When it hears events again it prints what it found.
import { createClient as createStreamClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";

const [kind, url, token, eventId] = process.argv.slice(2);
const LISTEN = "subscription { notificationReceived { kind event { name } } }";
const REGISTER = "mutation($id: ID!) { registerForEvent(input: {eventId: $id}) { __typename } }";
const CANCEL = "mutation($id: ID!) { cancelRegistration(input: {eventId: $id}) { __typename } }";
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));
let [received, anew, closed] = [0, 0, undefined];
const message = (one) => (received += JSON.stringify(one).includes("notificationReceived"));

const make = {
  ws: (bearer, attempts) =>
    createSocketClient({
      url: url.replace("http", "ws"),
      connectionParams: bearer && { authorization: `Bearer ${bearer}` },
      retryAttempts: attempts,
      retryWait: soon,
      on: { message, connected: (socket, payload, again) => (anew += again), closed: ({ code }) => attempts && (closed ??= code) },
    }),
  sse: (bearer, attempts) =>
    createStreamClient({
      url,
      headers: bearer && { authorization: `Bearer ${bearer}` },
      retryAttempts: attempts,
      retry: soon,
      on: { message, connected: (again) => (anew += again) },
    }),
}[kind];

function answer(client, query, variables) {
  return new Promise((resolve) => {
    let last;
    client.subscribe(
      { query, variables },
      { next: (value) => (last = value), error: (error) => resolve({ error }), complete: () => resolve(last) },
    );
  });
}

async function code({ error, errors }) {
  const told = errors ?? (error.response ? (await error.response.json()).errors : error);
  return Array.isArray(told) ? told[0].extensions.code : told.code;
}

function listen(client) {
  const listener = { heard: [] };
  listener.ended = new Promise((resolve) => {
    listener.stop = client.subscribe(
      { query: LISTEN },
      {
        next: ({ data }) => listener.heard.push(data.notificationReceived),
        error: (error) => resolve(String(error)),
        complete: () => resolve("complete"),
      },
    );
  });
  return listener;
}

// Nothing says when a subscription has begun: a seat is taken and given back until the listener hears of it.
async function tell(client, listener) {
  const before = listener.heard.length;
  while (listener.heard.length === before) {
    await answer(client, REGISTER, { id: eventId });
    await answer(client, CANCEL, { id: eventId });
    for (let tries = 0; tries < 5 && listener.heard.length === before; tries++) await soon();
  }
}

const [client, hasty] = [make(token, 100), make(token, 0)];
const [one, other] = [listen(client), listen(client)];
await tell(client, one);
await tell(client, other);
one.stop();
const stopped = await one.ended;
await tell(client, other);
const before = [received, other.heard.length, one.heard.length];
await tell(client, other);
const after = [received, other.heard.length, one.heard.length];

const codes = {
  document: await code(await answer(hasty, "{ nothing }")),
  variables: await code(await answer(hasty, "query($id: ID!) { node(id: $id) { id } }")),
  field: await code(await answer(hasty, '{ node(id: "nonsense") { id } }')),
  guest: await code(await answer(make(undefined, 0), LISTEN)),
  token: await code(await answer(make("nonsense", 0), LISTEN)),
};

console.log("listening");
while (!anew) await soon();
await tell(client, other);
const { data } = await answer(client, "{ viewer { person { displayName } } }");
other.stop();
await other.ended;
client.dispose();
console.log(
  JSON.stringify({
    name: data.viewer.person.displayName,
    heard: other.heard,
    stopped,
    growth: after.map((number, place) => number - before[place]),
    codes,
    broken: closed,
  }),
);
