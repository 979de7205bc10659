using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hypervize.Sizing;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Provisioner.Weights;

/// <summary>Downloads one file: on from where an earlier attempt stopped, and never more or other than was listed.</summary>
/// <param name="path">Where it is written.</param>
/// <param name="file">The file, as it was listed.</param>
/// <param name="listing">How it is read.</param>
/// <param name="time">Time.</param>
internal sealed class FileDownload(string path, ModelFile file, WeightListing listing, TimeProvider time)
{
    private const int FailuresInARow = 5;
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private readonly long _bytes = file.Bytes!.Value;
    private long _written;

    /// <summary>Bytes that are there.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Downloads it.</summary>
    /// <param name="cancel">Stops; what was written stays.</param>
    /// <exception cref="WeightsUnavailableException">It is not to be had, or not what was listed.</exception>
    public async Task<KeptFile> RunAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // What was written before may have been damaged since: then it is downloaded once more as a whole.
        var sha256 = await OnceAsync(cancel) ?? await OnceAsync(cancel)
            ?? throw WeightsUnavailableException.ForGood($"{file.Path} is not what its source lists: its checksum is another one, twice. Nothing was loaded from it.");
        return new(file.Path, _bytes, sha256, File.GetLastWriteTimeUtc(path));
    }

    // Null when it is not what was listed: then it is gone.
    private async Task<string?> OnceAsync(CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var blob = Blob();
        await using (var content = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous))
        {
            void Hash(ReadOnlySpan<byte> bytes)
            {
                sha256.AppendData(bytes);
                blob?.AppendData(bytes);
            }
            // What a crash of the machine left can't be told from what was written, where nobody tells a digest.
            if (content.Length > _bytes || file.Digest is not { Kind: DigestKind.Sha256 or DigestKind.GitBlob }) content.SetLength(0);
            await CopyAsync(content, null, Hash, cancel);
            await DownloadAsync(content, Hash, cancel);
            content.Flush(flushToDisk: true);
        }
        var hash = Convert.ToHexStringLower(sha256.GetHashAndReset());
        var isIt = file.Digest switch
        {
            { Kind: DigestKind.Sha256, Value: var told } => hash == told,
            { Kind: DigestKind.GitBlob, Value: var told } => Convert.ToHexStringLower(blob!.GetHashAndReset()) == told,
            { Kind: DigestKind.ETag } or null => true, // No hash that everyone can compute: S3's client compares the one that S3 keeps.
            _ => throw new InvalidOperationException($"Nobody knows a digest {file.Digest.Kind}."),
        };
        if (isIt) return hash;
        File.Delete(path);
        _written = 0;
        return null;
    }

    private async Task DownloadAsync(FileStream content, FileDownloadHash hash, CancellationToken cancel)
    {
        var pause = FirstPause;
        for (var failures = 0; content.Position < _bytes;)
        {
            var before = content.Position;
            string reason;
            try
            {
                var part = await listing.OpenAsync(file, before, cancel);
                await using var source = part.Content;
                await SkipAsync(source, before - part.From, cancel);
                await CopyAsync(content, source, hash, cancel);
                reason = "it ended early";
            }
            catch (WeightsUnreadableException e)
            {
                throw WeightsUnavailableException.ForGood(e.Message);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or Amazon.Runtime.AmazonClientException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                reason = e is OperationCanceledException ? $"nothing came for {Stalled.TotalSeconds:0} s" : e.Message;
            }
            if (content.Position == _bytes) return;
            (failures, pause) = content.Position > before ? (0, FirstPause) : (failures + 1, 2 * pause);
            if (failures == FailuresInARow)
                throw WeightsUnavailableException.ForNow(string.Create(CultureInfo.InvariantCulture, $"{file.Path} could not be downloaded beyond {content.Position:N0} of {_bytes:N0} bytes: {reason}. The next attempt goes on from there."));
            await Task.Delay(pause, time, cancel);
        }
    }

    // A server that gives no parts begins at the beginning.
    private static async Task SkipAsync(Stream source, long bytes, CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        while (bytes > 0)
        {
            var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), cancel);
            if (read == 0) throw new IOException("it is shorter than what was read of it before");
            bytes -= read;
        }
    }

    // Hashes what is there, or what comes; not a byte more than was listed is written.
    private async Task CopyAsync(FileStream content, Stream? source, FileDownloadHash hash, CancellationToken cancel)
    {
        var buffer = new byte[1024 * 1024];
        while (content.Position < _bytes)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Stalled);
            var read = await (source ?? content).ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, _bytes - content.Position)), patience.Token);
            if (read == 0) return;
            hash(buffer.AsSpan(0, read));
            if (source is not null) await content.WriteAsync(buffer.AsMemory(0, read), cancel);
            Interlocked.Exchange(ref _written, content.Position);
        }
    }

    private IncrementalHash? Blob()
    {
        if (file.Digest?.Kind != DigestKind.GitBlob) return null;
#pragma warning disable CA5350 // Git's ids of blobs are SHA-1.
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {_bytes}\0")));
        return hash;
    }
}

internal delegate void FileDownloadHash(ReadOnlySpan<byte> bytes);
