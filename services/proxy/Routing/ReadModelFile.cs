using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;

namespace Hypervize.Proxy.Routing;

/// <summary>What an earlier run knew.</summary>
/// <param name="SavedAt">When it was written.</param>
/// <param name="ContactAt">When that run last had contact.</param>
/// <param name="Position">Position of its last snapshot.</param>
/// <param name="Endpoints">Endpoints, tombstones included.</param>
/// <param name="Accounts">Accounts with the hashes of their keys.</param>
/// <param name="Spending">What accounts have spent their month's cap; null in a file from before there were caps.</param>
/// <param name="SpendingPosition">Position of the last snapshot of that; 0 in a file from before it was kept.</param>
public sealed record SavedReadModel(
    DateTimeOffset SavedAt, DateTimeOffset ContactAt, long Position, IReadOnlyList<Heard<EndpointState>> Endpoints, IReadOnlyList<Heard<AccountState>> Accounts,
    IReadOnlyCollection<VersionedSpend>? Spending = null, long SpendingPosition = 0)
{
    /// <summary>The read model that was saved.</summary>
    public ReadModel ToModel() => new(
        Position, Endpoints.ToImmutableDictionary(e => e.State.Id, StringComparer.Ordinal), Accounts.ToImmutableDictionary(a => a.State.Id, StringComparer.Ordinal));
}

/// <summary>
/// The read model on disk. It decides which keys are good, so it is readable by its owner only and bears a code made with the
/// installation's key: a file that was cut off, changed, or comes from elsewhere is not believed.
/// </summary>
/// <param name="settings">Where it is.</param>
/// <param name="identity">The installation's key.</param>
/// <param name="log">Log.</param>
public sealed class ReadModelFile(ProxySettings settings, IdentitySettings identity, ILogger<ReadModelFile> log)
{
    private const string Format = "hypervize-read-model-1";
    private readonly byte[] _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Convert.FromBase64String(identity.SigningKey), 32, info: "read model file"u8.ToArray());

    /// <summary>Reads it.</summary>
    /// <returns>Null when there is none, or it can't be believed; a warning says why.</returns>
    public SavedReadModel? Load()
    {
        try
        {
            var file = File.ReadAllBytes(settings.StateFile).AsSpan();
            var body = file[(file.IndexOf((byte)'\n') + 1)..];
            if (CryptographicOperations.FixedTimeEquals(file[..^body.Length], Head(body))) return JsonSerializer.Deserialize<SavedReadModel>(body, Json.Options);
            log.LogWarning("Ignoring {File}: it is damaged, of another version, or of another installation.", settings.StateFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            log.LogInformation("No read model at {File} yet.", settings.StateFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            log.LogWarning("Ignoring {File}: {Reason}", settings.StateFile, e.Message);
        }
        return null;
    }

    /// <summary>Writes it, whole or not at all.</summary>
    /// <param name="saved">What to write.</param>
    public void Save(SavedReadModel saved)
    {
        var path = Path.GetFullPath(settings.StateFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var body = JsonSerializer.SerializeToUtf8Bytes(saved, Json.Options);
        var draft = $"{path}.draft";
        File.Delete(draft); // The mode below holds for new files only.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
        {
            file.Write(Head(body));
            file.Write(body);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
    }

    private byte[] Head(ReadOnlySpan<byte> body) => Encoding.ASCII.GetBytes($"{Format} {Convert.ToHexStringLower(HMACSHA256.HashData(_key, body))}\n");
}
