/** One field of a modal, by its type. */
import type { ReactNode } from 'react';
import { usePageContext } from '../page-context.ts';
import { FieldType, isMultiple, type LabelledInput, type ModalInput } from './modal-values.ts';

export function ModalField({ field }: { readonly field: LabelledInput }): ReactNode {
  const { input, label, description } = field;
  const { type, options = [] } = input;
  const about = description === '' ? null : <small>{description}</small>;
  if (type === FieldType.radioGroup || type === FieldType.checkboxGroup) {
    return (
      <fieldset className="modal-field">
        <legend>{label}</legend>
        {about}
        {options.map((option) => (
          <label key={option.value}>
            <input
              type={type === FieldType.radioGroup ? 'radio' : 'checkbox'}
              name={input.custom_id}
              value={option.value}
              defaultChecked={option.default ?? false}
              required={type === FieldType.radioGroup && (input.required ?? true)}
            />{' '}
            {option.label}
          </label>
        ))}
      </fieldset>
    );
  }
  if (type === FieldType.checkbox) {
    return (
      <label className="modal-field">
        <span>
          <input type="checkbox" name={input.custom_id} defaultChecked={input.default ?? false} /> {label}
        </span>
        {about}
      </label>
    );
  }
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what Control makes
    <label className="modal-field">
      <span>{label}</span>
      {about}
      <Control input={input} />
    </label>
  );
}

function Control({ input }: { readonly input: ModalInput }): ReactNode {
  const { users, guild } = usePageContext();
  const { type, custom_id: name, min_length: minLength, max_length: maxLength = 4000, placeholder } = input;
  const required = input.required ?? true;
  if (type === FieldType.textInput) {
    const props = { name, required, minLength, maxLength, placeholder, defaultValue: input.value ?? '' };
    return input.style === 2 ? <textarea rows={4} {...props} /> : <input type="text" autoComplete="off" {...props} />;
  }
  const multiple = isMultiple(input);
  if (type === FieldType.fileUpload) return <input type="file" name={name} required={required} multiple={multiple} />;
  const offered = (): readonly { readonly label: string; readonly value: string }[] => {
    switch (type) {
      case FieldType.stringSelect:
        return input.options ?? [];
      case FieldType.channelSelect:
        return (guild?.channels ?? []).map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
      case FieldType.userSelect:
      case FieldType.mentionableSelect:
        return [...users.values()].map((user) => ({ label: `@${user.name}`, value: user.id }));
      default:
        return [];
    }
  };
  const preset = (input.options ?? []).filter((option) => option.default).map(({ value }) => value);
  return (
    <select name={name} required={required} multiple={multiple} defaultValue={multiple ? preset : (preset[0] ?? '')}>
      {!multiple && <option value="">{placeholder ?? '…'}</option>}
      {offered().map(({ label, value }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
