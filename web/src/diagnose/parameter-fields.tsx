import { Field } from '../parts/field';
import { useText } from '../text/language';
import type { FormField, Values } from './schema-form';

interface Props {
  fields: FormField[];
  values: Values;
  onChange: (values: Values) => void;
}

/** The parameters of an analysis, as its schema has them. */
export function ParameterFields({ fields, values, onChange }: Props) {
  return (
    <div className="parameters">
      {fields.map((field) => (
        <Parameter
          key={field.name}
          field={field}
          value={values[field.name]}
          onChange={(value) => onChange({ ...values, [field.name]: value })}
        />
      ))}
    </div>
  );
}

interface ParameterProps {
  field: FormField;
  value: string | boolean | undefined;
  onChange: (value: string | boolean) => void;
}

function Parameter({ field, value, onChange }: ParameterProps) {
  const { say, language } = useText();
  const { name, kind, required } = field;
  const label = say.has(`web-parameter-${name}`) ? say(`web-parameter-${name}`) : name;
  const help = say.has(`web-parameter-${name}-help`)
    ? say(`web-parameter-${name}-help`)
    : ((language === 'en' ? field.description : null) ?? undefined);
  if (kind === 'switch') {
    return (
      <label className="check">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
    );
  }
  return (
    <Field label={label} help={help}>
      {(id) => (
        <input
          id={id}
          inputMode={kind === 'number' ? 'numeric' : 'text'}
          pattern={kind === 'number' ? '[0-9]*' : undefined}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required={required}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
