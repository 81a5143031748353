/** A modal dialog. The browser's fields validate it before it is sent. */
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { Markdown } from '../markdown/markdown.tsx';
import { usePageContext } from '../page-context.ts';
import type { Form } from '../state/page-state.ts';
import { ModalField } from './modal-field.tsx';
import { fieldsOf, readValues } from './modal-values.ts';

export function ModalForm({ form }: { readonly form: Form }): ReactNode {
  const { discord } = usePageContext();
  const { interactionId, modal } = form;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { values, files } = readValues(modal, new FormData(event.currentTarget));
    discord.interact({ kind: 'modal', interactionId, values }, { kind: 'command', title: modal.title }, files);
    discord.closeForm();
  };
  return (
    <dialog ref={dialog} className="modal" aria-label={modal.title} onClose={() => discord.closeForm()}>
      <form onSubmit={send}>
        <h2>{modal.title}</h2>
        {fieldsOf(modal).map((field) =>
          field.kind === 'text' ? (
            <Markdown key={field.key} text={field.content} />
          ) : (
            <ModalField key={field.key} field={field} />
          ),
        )}
        <div className="modal-end">
          <button type="button" className="as-link" onClick={() => discord.closeForm()}>
            Cancel
          </button>
          <button type="submit" className="modal-send">
            Submit
          </button>
        </div>
      </form>
    </dialog>
  );
}
