/** Elements in their order; what is inside is put in as it is. */
export function elements(fields: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(fields)
    .map(([name, inner]) => `<${name}>${inner}</${name}>`)
    .join('');
}
