# Writes references/r.json: files as R writes them, in base64, by their paths.
# Rscript packages/data/references/r.R packages/data/references/r.json
options(digits = 17)
target <- commandArgs(TRUE)[1]
dir <- tempfile()

frame <- data.frame(
  whole = c(1L, NA, -3L),
  real = c(0.5, NaN, NA),
  truth = c(TRUE, NA, FALSE),
  text = c("a", NA, "caf\u00e9"),
  level = factor(c("low", "high", NA), levels = c("high", "middle", "low")),
  day = as.Date(c("2024-01-31", NA, "1969-12-31")),
  time = as.POSIXct(c("2024-01-31 06:30:00", NA, "1970-01-01 00:00:01"), tz = "UTC"),
  sequence = 5:7,
  stringsAsFactors = FALSE
)
nested <- data.frame(id = 1:2)
nested$parts <- list(1, 2:3)
other <- 1:5

for (name in c("lazy", "saved")) {
  dir.create(file.path(dir, name, "data"), recursive = TRUE)
  writeLines(paste("Package:", name), file.path(dir, name, "DESCRIPTION"))
}
objects <- list2env(list(frame = frame, nested = nested, other = other))
tools:::makeLazyLoadDB(objects, file.path(dir, "lazy", "data", "Rdata"), compress = 3)
saved <- function(name) file.path(dir, "saved", "data", name)
save(frame, file = saved("frame.rda"), compress = "gzip")
save(nested, file = saved("nested.rda"), compress = "xz", version = 2)
save(other, file = saved("other.rda"), compress = "bzip2")

base64 <- function(bytes) {
  letters64 <- c(LETTERS, letters, 0:9, "+", "/")
  bits <- as.integer(vapply(bytes, function(b) rev(as.integer(intToBits(b))[1:8]), integer(8)))
  padded <- c(bits, rep(0L, (6 - length(bits) %% 6) %% 6))
  codes <- colSums(matrix(padded, 6) * 2^(5:0))
  text <- paste(letters64[codes + 1], collapse = "")
  paste0(text, strrep("=", (4 - nchar(text) %% 4) %% 4))
}
files <- list.files(dir, recursive = TRUE)
lines <- vapply(files, function(file) {
  path <- file.path(dir, file)
  sprintf('  "%s": "%s"', file, base64(readBin(path, "raw", file.size(path))))
}, "")
writeLines(c("{", paste(lines, collapse = ",\n"), "}"), target)
