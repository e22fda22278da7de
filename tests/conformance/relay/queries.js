// What a Relay application would write beside its components: a page of people in both directions, and one person again.
import { graphql } from "relay-runtime";

graphql`
  query queriesDirectoryQuery($first: Int, $after: String, $last: Int, $before: String) {
    people(first: $first, after: $after, last: $last, before: $before) @connection(key: "Directory_people") {
      edges {
        node {
          displayName
          ...queries_person
        }
      }
    }
  }
`;

graphql`
  fragment queries_person on Person @refetchable(queryName: "queriesPersonQuery") {
    headline
    currentExperience {
      title
      organization {
        name
      }
    }
  }
`;
