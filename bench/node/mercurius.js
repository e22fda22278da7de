// Mercurius with its JIT: hand-written resolvers and loaders over prepared statements.
import Fastify from "fastify";
import mercurius from "mercurius";
import { pool, port, setup, viewerOf } from "./caller.js";

const schema = `
  type Organization { name: String! country: String }
  type Experience { title: String! startDate: String endDate: String current: Boolean! organization: Organization }
  type Education { school: String! degree: String programme: String startDate: String endDate: String }
  type Person {
    id: ID! displayName: String! givenName: String familyName: String nameAtGraduation: String pronouns: String
    deceased: Boolean! classYear: Int headline: String bio: String
    experiences: [Experience!]! educations: [Education!]!
    currentExperience: Experience similarPeople(first: Int!): [Person!]!
  }
  type PersonConnection { nodes: [Person!]! totalCount: Int! }
  input TextFilter { eq: String! }
  input IntFilter { eq: Int! }
  input PersonFilter { city: TextFilter! classYear: IntFilter! }
  type UpdateProfilePayload { person: Person! }
  input UpdateMyProfileInput { pronouns: String }
  type Query {
    person(id: ID!): Person
    people(first: Int!, filter: PersonFilter): PersonConnection!
  }
  type Mutation { updateMyProfile(input: UpdateMyProfileInput!): UpdateProfilePayload! }
`;

async function rows(name, values) {
  return (await pool.query({ name, text: setup.statements[name], values })).rows;
}

function key(id) {
  return Buffer.from(id, "base64").toString().slice("Person:".length);
}

const resolvers = {
  Query: {
    person: async (_, { id }, { viewer }) => (await rows("person", [viewer, key(id)]))[0],
    people: async (_, { first, filter }, { viewer }) => ({
      nodes: filter
        ? await rows("filtered", [viewer, first, filter.city.eq, filter.classYear.eq])
        : await rows("people", [viewer, first]),
    }),
  },
  Person: {
    similarPeople: (person, { first }, { viewer }) => rows("similar", [viewer, person.key, first]),
  },
  PersonConnection: {
    totalCount: async (_, __, { viewer }) => Number((await rows("count", [viewer]))[0].count),
  },
  Mutation: {
    updateMyProfile: async (_, { input }, { viewer }) => {
      await rows("update", [viewer, input.pronouns]);
      return { person: (await rows("person", [viewer, viewer]))[0] };
    },
  },
};

/** Rows of many by the value of one column, in the order of the queries. */
async function grouped(name, viewer, keys, column) {
  const found = new Map(keys.map((one) => [one, []]));
  for (const row of await rows(name, [viewer, keys])) found.get(row[column]).push(row);
  return keys.map((one) => found.get(one));
}

const loaders = {
  Person: {
    experiences: (queries, { viewer }) => grouped("experiences", viewer, queries.map(({ obj }) => obj.key), "person_id"),
    educations: (queries, { viewer }) => grouped("educations", viewer, queries.map(({ obj }) => obj.key), "person_id"),
    currentExperience: async (queries, { viewer }) => {
      const found = await rows("currents", [viewer, queries.map(({ obj }) => obj.key)]);
      const byPerson = new Map(found.map((row) => [row.person_id, row]));
      return queries.map(({ obj }) => byPerson.get(obj.key) ?? null);
    },
  },
  Experience: {
    organization: {
      loader: async (queries) => {
        const found = await rows("organizations", [[...new Set(queries.map(({ obj }) => obj.organization_id))]]);
        const byKey = new Map(found.map((row) => [row.id, row]));
        return queries.map(({ obj }) => byKey.get(obj.organization_id) ?? null);
      },
      opts: { cache: false },
    },
  },
};

const app = Fastify({ logger: false });
await app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  context: async (request) => ({ viewer: await viewerOf(request.headers.authorization) }),
});
await app.listen({ port, host: "127.0.0.1" });
