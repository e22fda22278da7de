// Who is asking: the same token as our own server takes, believed once and remembered, and the account read anew each time.
import crypto from "node:crypto";
import fs from "node:fs";
import pg from "pg";

export const setup = JSON.parse(fs.readFileSync(process.env.BENCH_SETUP, "utf8"));
export const port = Number(process.env.ALUMNI_PORT);
export const pool = new pg.Pool({ ...setup.connection, max: setup.pool });

const key = crypto.createPublicKey({ key: setup.key, format: "jwk" });
const known = new Map();

function verified(token) {
  const kept = known.get(token);
  if (kept !== undefined && kept.exp * 1000 > Date.now()) return kept;
  const [head, body, signature] = token.split(".");
  const signed = Buffer.from(`${head}.${body}`);
  if (!crypto.verify(null, signed, key, Buffer.from(signature, "base64url"))) throw new Error("bad signature");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  if (claims.iss !== setup.issuer || claims.aud !== setup.audience) throw new Error("not for us");
  if (claims.exp * 1000 <= Date.now()) throw new Error("expired");
  known.set(token, claims);
  return claims;
}

/** The person id behind an Authorization header. */
export async function viewerOf(authorization) {
  const claims = verified(authorization.slice("Bearer ".length));
  const found = await pool.query({ name: "account", text: setup.account, values: [claims.sub] });
  if (found.rows.length === 0) throw new Error("no such account");
  return found.rows[0].person_id;
}
