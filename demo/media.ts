export { jpeg } from './media/jpeg.ts';
export { mp4 } from './media/mp4.ts';
export { png } from './media/png.ts';
