export declare function sampleLibraryPackage(listed?: string[], release?: string): string;
