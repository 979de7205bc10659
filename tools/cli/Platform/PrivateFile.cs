using System.Text.Json;

namespace Hypervize.Cli.Platform;

/// <summary>Files that only their owner may read, written whole or not at all.</summary>
public static class PrivateFile
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Writes a text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its content.</param>
    public static void Write(string path, string text)
    {
        // The umask of whoever calls us must not open it, not even for a moment.
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var writer = new StreamWriter($"{path}.new", options)) writer.Write(text);
        File.Move($"{path}.new", path, overwrite: true);
    }

    /// <summary>Writes a value as JSON.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="value">The value.</param>
    public static void WriteJson<T>(string path, T value) => Write(path, JsonSerializer.Serialize(value, Readable));

    /// <summary>Reads a value that was written as JSON; null when there is none, or none that can be read.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="path">The file.</param>
    public static T? ReadJson<T>(string path) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new PlatformException($"{path} can't be read ({e.Message}). Remove it after you ended what it stands for, and try again.");
        }
    }
}
