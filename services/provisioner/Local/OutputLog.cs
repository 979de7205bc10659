using System.Text;

namespace Hypervize.Provisioner.Local;

/// <summary>A node's output: a file it appends to, and the two before it.</summary>
/// <param name="path">The file.</param>
public sealed class OutputLog(string path)
{
    private const long MostBytes = 5 * 1024 * 1024;
    private const int Kept = 2;
    private const int LastWordsBytes = 4 * 1024;
    private const int TailBytes = 1024 * 1024;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The file, and those before it, newest first; older ones are not always there.</summary>
    public IReadOnlyList<string> Files => [path, .. Enumerable.Range(1, Kept).Select(age => $"{path}.{age}")];

    /// <summary>The last lines, for a failure's sake: 4 KB at most; null when it printed nothing.</summary>
    public string? LastWords() => string.Join('\n', Tail(40, LastWordsBytes)) is { Length: > 0 } words ? words : null;

    /// <summary>The last lines, oldest first.</summary>
    /// <param name="lines">How many at most.</param>
    public IReadOnlyList<string> Tail(int lines) => Tail(lines, TailBytes);

    /// <summary>
    /// Begins a new file when this one is large. The node keeps it open, so it is copied and emptied; what is written in between is lost,
    /// some lines at most.
    /// </summary>
    public void Rotate()
    {
        if (!File.Exists(path) || new FileInfo(path).Length < MostBytes) return;
        for (var older = Kept; older > 1; older--)
            if (File.Exists($"{path}.{older - 1}")) File.Move($"{path}.{older - 1}", $"{path}.{older}", overwrite: true);
        File.Copy(path, $"{path}.1", overwrite: true);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(0);
    }

    private string[] Tail(int lines, int bytes)
    {
        var now = End(path, bytes);
        var older = now.Length < bytes && now.Count(c => c == '\n') < lines ? End($"{path}.1", bytes - now.Length) : "";
        var text = (older + now).TrimEnd('\n');
        return text.Length == 0 ? [] : [.. text.Split('\n').TakeLast(lines)];
    }

    private static string End(string file, int bytes)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[Math.Min(bytes, stream.Length)];
            stream.Seek(-buffer.Length, SeekOrigin.End);
            return Encoding.UTF8.GetString(buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
    }
}
