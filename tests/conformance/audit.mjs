// Runs the audits of graphql-http against the address given, and prints what became of each.
import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
const found = [];
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const { status, reason } = await audit.fn();
  found.push({ name: `${audit.id} ${audit.name}`, status, reason });
}
console.log(JSON.stringify(found));
