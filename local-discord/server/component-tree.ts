/** A message's components as a flat list: rows, containers, sections, their children and accessories. */

interface ComponentNode {
  readonly path: readonly (string | number)[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** In order of appearance. All count towards Discord's limit of 40. */
export function componentNodes(list: readonly unknown[], path: readonly (string | number)[] = []): ComponentNode[] {
  return list.flatMap((item, index) => {
    const node: ComponentNode = { path: [...path, index], body: item as ComponentNode['body'] };
    const { components, accessory } = node.body;
    return [
      node,
      ...(Array.isArray(components) ? componentNodes(components, [...node.path, 'components']) : []),
      ...(accessory ? [{ path: [...node.path, 'accessory'], body: accessory as ComponentNode['body'] }] : []),
    ];
  });
}
