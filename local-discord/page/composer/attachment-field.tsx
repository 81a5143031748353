/** The field of an attachment option: a file is picked or dropped. */
import { type ReactNode, useRef, useState } from 'react';
import { formatSize } from '../message/media.ts';
import type { OptionFieldProps } from './option-field.tsx';
import { acceptOf, type Entered } from './option-values.ts';

interface AttachmentFieldProps extends OptionFieldProps {
  readonly entered: Entered;
}

export function AttachmentField({ each, entered, isWrong, onEnter }: AttachmentFieldProps): ReactNode {
  const picker = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const { option, title } = each;
  const { file } = entered;
  const take = (files: FileList | null): void => {
    const chosen = files?.[0];
    if (chosen) onEnter({ text: '', file: chosen });
  };
  return (
    <>
      <input
        ref={picker}
        type="file"
        hidden
        aria-label={`File for ${title}`}
        accept={acceptOf('file_types' in option ? option.file_types : undefined)}
        onChange={({ target }) => {
          take(target.files);
          target.value = '';
        }}
      />
      <button
        type="button"
        className={`field file-field${isOver ? ' over' : ''}`}
        aria-label={file ? `${title}: ${file.name}. Choose another file` : `${title}: choose a file or drop it here`}
        aria-invalid={isWrong}
        onClick={() => picker.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          // The channel around it also accepts drops.
          event.stopPropagation();
          setOver(false);
          take(event.dataTransfer.files);
        }}
      >
        {file ? `${file.name} (${formatSize(file.size)})` : 'Choose a file or drop it here'}
      </button>
    </>
  );
}
