/** From the zod schemas of the routes to the parts of the OpenAPI description, with what the type provider leaves out: bodies of
 *  several content types. */
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

type Document = Parameters<typeof jsonSchemaTransform>[0];
type Transformed = ReturnType<typeof jsonSchemaTransform>;

interface BodyByType {
  readonly content: Readonly<Record<string, { readonly schema: unknown }>>;
}

export function describeRoute(document: Document): Transformed {
  const body: unknown = document.schema?.body;
  if (!isByType(body)) return jsonSchemaTransform(document);
  const describedWith = (schema: unknown): Transformed =>
    jsonSchemaTransform({ ...document, schema: { ...document.schema, body: schema } } as Document);
  const content = Object.fromEntries(
    Object.entries(body.content).map(([type, { schema }]) => [type, { schema: describedWith(schema).schema?.body }]),
  );
  const described = describedWith(undefined);
  return { ...described, schema: { ...described.schema, body: { content } } } as Transformed;
}

function isByType(body: unknown): body is BodyByType {
  return typeof body === 'object' && body !== null && 'content' in body && !('_zod' in body);
}
