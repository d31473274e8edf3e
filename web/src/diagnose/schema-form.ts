// What a form has to ask, from the JSON schema of an analysis.

type Kind = 'text' | 'number' | 'switch';

export interface FormField {
  name: string;
  kind: Kind;
  required: boolean;
  /** As the schema describes it, in English. */
  description: string | null;
}

/** What is typed; a number stays text until it is sent. */
export type Values = Record<string, string | boolean>;

interface Property {
  type?: string | string[];
  description?: string;
}

/** The fields of a schema, the required first. Properties that no form can ask are left out. */
export function fieldsOf(schema: unknown): FormField[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  return Object.entries(properties)
    .flatMap(([name, property]): FormField[] => {
      const kind = kindOf(property);
      if (kind === null || name === 'analysis') return [];
      const description = property.description ?? null;
      return [{ name, kind, required: required.includes(name), description }];
    })
    .sort((a, b) => Number(b.required) - Number(a.required));
}

function kindOf({ type }: Property): Kind | null {
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  switch (types[0]) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'switch';
    default:
      return null;
  }
}

/** The parameters to send: what was left empty is not said. */
export function parametersOf(
  fields: readonly FormField[],
  values: Values,
): Record<string, string | number | boolean> {
  const parameters: Record<string, string | number | boolean> = {};
  for (const { name, kind } of fields) {
    const value = values[name];
    if (value === undefined || value === '' || value === false) continue;
    parameters[name] = kind === 'number' ? Number(value) : value;
  }
  return parameters;
}
