/** The one button: quiet by default, `primary` once per place, `danger` for what cannot be undone. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: 'quiet' | 'primary' | 'danger' | 'plain';
  readonly size?: 'small' | 'normal';
  readonly children: ReactNode;
}

export function Button({
  tone = 'quiet',
  size = 'normal',
  className,
  type = 'button',
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={['btn', `btn-${tone}`, `btn-${size}`, className].filter(Boolean).join(' ')}
      {...rest}
    >
      {children}
    </button>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Said by screen readers and shown on hover. */
  readonly label: string;
  readonly children: ReactNode;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={['icon-btn', className].filter(Boolean).join(' ')}
      {...rest}
    >
      {children}
    </button>
  );
}
