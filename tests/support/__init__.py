"""What several tests share: where references lie, small data sets, recordings, frames of samples."""
