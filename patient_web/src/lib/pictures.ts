const LONGEST_PX = 1920
const SMALL_ENOUGH = 600_000

/** A phone's photograph made small enough for a slow line; a small one, or one that cannot be read here, goes as it is. */
export async function lighter(file: File): Promise<Blob> {
  if (file.size <= SMALL_ENOUGH || !('createImageBitmap' in window)) return file
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => null)
  if (!bitmap) return file
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.86))
  return made && made.size < file.size ? made : file
}
