/** A path or a command with the button that copies it. */
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { announce } from '../ui/announce.tsx';
import { IconButton } from '../ui/button.tsx';
import { toastError } from './toasts.tsx';

const SHOWN_MS = 1_500;

/** @param what names the text for those who do not see it: "path of the checkpoint at step 500" */
export function CopyText({ text, what }: { readonly text: string; readonly what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void =>
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      announce(`Copied: ${what}`);
    }, toastError);
  const Icon = copied ? IconCheck : IconCopy;
  return (
    <span className="copy-text">
      <span className="mono" title={text}>
        {text}
      </span>
      <IconButton label={`Copy the ${what}`} onClick={copy}>
        <Icon size={13} aria-hidden="true" />
      </IconButton>
    </span>
  );
}
