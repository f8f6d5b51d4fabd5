/** Encrypts small secrets (environment variables, tokens) for the database. */
export interface SecretBox {
  seal(plain: string): string;
  /** @throws SwitchyardError secret_unreadable when the text was sealed with another key or damaged */
  open(sealed: string): string;
}
