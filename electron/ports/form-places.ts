/** The port to what a submit form asks of the file system. Every answer is bounded in size and in time. No I/O here. */
import type { DirectoryCompletion, PythonEnvironment } from '../contract/form.ts';

export interface FormPlaces {
  /**
   * Virtual environments of the directory first, then the conda environments of the user. Nothing is run.
   * @param directory absolute; null = only those of the user. Never rejects.
   */
  environments(directory: string | null): Promise<readonly PythonEnvironment[]>;
  /**
   * The directories that what was typed may become.
   * @param typed absolute, or beginning with ~; '' = the user's home. Anything else leads nowhere. Never rejects.
   */
  completeDirectory(typed: string): Promise<DirectoryCompletion>;
}
