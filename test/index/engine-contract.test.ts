import { faissEngine } from '../../src/index/faiss-engine.ts';
import { describeEngine } from './engine-contract.ts';

describeEngine('faiss', () => ({ faiss: faissEngine }));
