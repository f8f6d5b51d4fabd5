/** A path or a command with the button that copies it. */
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { announce } from '../ui/announce.tsx';
import { IconButton } from '../ui/button.tsx';
import { toastError } from './toasts.tsx';

const SHOWN_MS = 1_500;

export interface CopyTextProps {
  readonly text: string;
  /** Names the text for those who do not see it: "path of the checkpoint at step 500". */
  readonly what: string;
  /** More buttons. */
  readonly children?: ReactNode;
}

export function CopyText({ text, what, children }: CopyTextProps) {
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
      {children}
    </span>
  );
}
