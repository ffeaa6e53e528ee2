"""Moving pictures: the pipe to ffmpeg, camera moves with depth, frames between frames."""
