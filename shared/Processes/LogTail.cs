namespace Hypervize.Processes;

/// <summary>The end of a log, for an error's sake.</summary>
public static class LogTail
{
    /// <summary>The last lines of a file; empty when there is none.</summary>
    /// <param name="file">The file.</param>
    /// <param name="lines">How many.</param>
    public static string Of(string file, int lines = 12)
    {
        if (!File.Exists(file)) return "";
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(-Math.Min(stream.Length, 64 * 1024), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        return string.Join('\n', reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(lines));
    }
}
