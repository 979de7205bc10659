using System.Buffers.Binary;
using System.Security.Cryptography;
using Hypervize.Provisioner.Local;
using Microsoft.Win32.SafeHandles;

namespace Hypervize.Provisioner.Logs;

/// <summary>
/// What a node printed after a position, as one run of bytes, in whichever of its files it lies. A file is known by what stands in it before the position, so it is found
/// again under the name that it was given meanwhile, and whoever was killed while files were changed leaves nothing behind that would mislead.
/// </summary>
internal sealed class OutputTape : IDisposable
{
    private const int Before = 256;

    // Oldest first.
    private readonly List<(SafeFileHandle File, long From, long To)> _parts = [];

    /// <summary>Opens it, as long as it is now.</summary>
    /// <param name="log">The node's output.</param>
    /// <param name="position">After what. What is in no file any more is taken for older than all that is in the newest.</param>
    public OutputTape(OutputLog log, OutputPosition position)
    {
        // The newest first: when it turns out to have been begun anew, the copy of what was in it is whole.
        foreach (var path in log.Files)
        {
            if (Open(path) is not { } file) break;
            var length = RandomAccess.GetLength(file);
            var isHere = position.At > 0 && position.At <= length && Print(file, position.At) == position.Print;
            _parts.Insert(0, (file, isHere ? position.At : 0, length));
            if (isHere) return;
        }
        if (position.At == 0) return;
        while (_parts.Count > 1)
        {
            _parts[0].File.Dispose();
            _parts.RemoveAt(0);
        }
    }

    /// <summary>Its length in bytes.</summary>
    public long Length => _parts.Sum(p => p.To - p.From);

    /// <summary>Reads from it.</summary>
    /// <param name="from">From which byte on.</param>
    /// <param name="bytes">Where to.</param>
    /// <returns>How many bytes were read: all that are asked for, unless it ends, or was shortened.</returns>
    public int Read(long from, Span<byte> bytes)
    {
        var done = 0;
        foreach (var (file, begin, end) in _parts)
        {
            var wanted = Math.Min(bytes.Length - done, end - begin - from);
            if (wanted > 0)
            {
                var read = RandomAccess.Read(file, bytes.Slice(done, (int)wanted), begin + from);
                done += read;
                if (read < wanted) break;
            }
            from = Math.Max(0, from - (end - begin));
        }
        return done;
    }

    /// <summary>The position of one of its bytes.</summary>
    /// <param name="offset">How many bytes are before it; 1 at least.</param>
    /// <param name="isCut">Whether the rest of its line is left out.</param>
    public OutputPosition At(long offset, bool isCut)
    {
        foreach (var (file, begin, end) in _parts)
        {
            if (offset <= end - begin) return new(begin + offset, Print(file, begin + offset), isCut);
            offset -= end - begin;
        }
        throw new ArgumentOutOfRangeException(nameof(offset), offset, "There is no such byte.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (file, _, _) in _parts) file.Dispose();
    }

    private static uint Print(SafeFileHandle file, long at)
    {
        Span<byte> before = stackalloc byte[(int)Math.Min(Before, at)];
        var read = RandomAccess.Read(file, before, at - before.Length);
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(before[..read]));
    }

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
