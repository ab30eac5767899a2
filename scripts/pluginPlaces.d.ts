/** What a folder of the store is named by, and the path of the library in it. */
export interface Place {
  package: string;
  version: string;
  library: string;
}

export function loadAhead(cpu: Place, addon: () => { loadAhead(path: string): void }): void;
