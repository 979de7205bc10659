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

    /// <summary>The whole lines that were added to a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="position">Where the last reading ended; a file that is shorter was begun anew.</param>
    /// <returns>The lines, and where this reading ended.</returns>
    public static (string Lines, long Position) After(string file, long position)
    {
        if (!File.Exists(file)) return ("", 0);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length < position) position = 0;
        stream.Seek(position, SeekOrigin.Begin);
        using var reader = new BinaryReader(stream);
        var added = reader.ReadBytes((int)Math.Min(stream.Length - position, 1024 * 1024));
        var whole = Array.LastIndexOf(added, (byte)'\n') + 1;
        return (System.Text.Encoding.UTF8.GetString(added, 0, whole), position + whole);
    }
}
