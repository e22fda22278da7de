// A front end's code, as its types are checked: every value that it reads and sends is of the type that the SDL says.
import { graphql, useFragment, type FragmentType } from "./generated/index";
import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";

declare function run<Data, Variables>(
  document: DocumentTypeDecoration<Data, Variables>,
  variables: Variables,
): Promise<Data>;

const Named = graphql(`
  fragment Named on Person {
    id
    displayName
    headline
    currentExperience { title startDate organization { name } }
  }
`);

const Directory = graphql(`
  query Directory($first: Int, $after: String, $filter: PersonFilter, $orderBy: [PersonOrder!]) {
    people(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Named educations { school startDate endDate } }
    }
  }
`);

const Meet = graphql(`
  query Meet {
    peopleYouShouldMeet(first: 5) { nodes { score person { ...Named } evidence { kind text weight } } }
  }
`);

const Change = graphql(`
  mutation Change($input: UpdateMyProfileInput!) {
    updateMyProfile(input: $input) {
      __typename
      ... on UpdateProfilePayload { person { ...Named } }
      ... on Invalid { problems { path message } }
      ... on Error { message code }
    }
  }
`);

function nameOf(given: FragmentType<typeof Named>): string {
  const person = useFragment(Named, given);
  const at: string | null | undefined = person.currentExperience?.organization?.name;
  return at ? `${person.displayName}, ${at}` : person.displayName;
}

export async function names(): Promise<string[]> {
  const page = await run(Directory, { first: 10, filter: { classYear: { gte: 2005 } } });
  const total: number | undefined = page.people?.totalCount;
  const next: string | null | undefined = page.people?.pageInfo.endCursor;
  return [String(total), String(next), ...(page.people?.nodes ?? []).map(nameOf)];
}

export async function reasons(): Promise<string[]> {
  const found = await run(Meet, {});
  return (found.peopleYouShouldMeet?.nodes ?? []).flatMap(({ evidence }) => evidence.map(({ kind }) => kind));
}

export async function change(pronouns: string): Promise<string> {
  const { updateMyProfile: done } = await run(Change, { input: { pronouns } });
  if (!done) return "nothing";
  switch (done.__typename) {
    case "UpdateProfilePayload":
      return done.person ? nameOf(done.person) : "nobody";
    case "Invalid":
      return done.problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join();
    default:
      return done.code;
  }
}

// @ts-expect-error a page size is a number
run(Directory, { first: "ten" });
// @ts-expect-error there is no such filter
run(Directory, { first: 1, filter: { secret: true } });
