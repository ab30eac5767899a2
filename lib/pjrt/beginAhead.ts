import { loadAhead } from './ahead';

// Imported before everything else that takes time to load.
loadAhead();
