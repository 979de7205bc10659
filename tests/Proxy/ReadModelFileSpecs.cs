using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Proxy.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypervize.Proxy.Tests;

public sealed class ReadModelFileSpecs : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hypervize-proxy-").FullName;
    private readonly string _key = Some.NewKey();
    private readonly IdentitySettings _identity = new() { SigningKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_saved_is_loaded()
    {
        File(_identity).Save(Saved());
        var loaded = File(_identity).Load()!;
        Assert.Equal((9L, Some.Noon, Some.Noon.AddMinutes(-1)), (loaded.Position, loaded.SavedAt, loaded.ContactAt));
        Assert.Equal((3L, 7L), (loaded.ToModel().Endpoints["e"].Version, loaded.ToModel().Endpoints["e"].Position));
        Assert.Equal("n", loaded.ToModel().Endpoints["e"].State.Nodes.Single().Id);
        Assert.Equal(Some.Key(_key).Hash, loaded.ToModel().Accounts["acct-1"].State.Keys.Single().Hash);
    }

    [Fact]
    public void Only_its_owner_may_read_it_and_no_key_stands_in_it()
    {
        var file = File(_identity);
        System.IO.File.WriteAllText(FilePath, "old, and open to all");
        file.Save(Saved());
        Assert.DoesNotContain(_key, System.IO.File.ReadAllText(FilePath), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public void A_missing_file_is_no_model() => Assert.Null(File(_identity).Load());

    [Theory, InlineData(0), InlineData(1), InlineData(80), InlineData(500)]
    public void A_file_that_was_cut_off_is_not_believed(int length)
    {
        File(_identity).Save(Saved());
        System.IO.File.WriteAllBytes(FilePath, System.IO.File.ReadAllBytes(FilePath)[..length]);
        Assert.Null(File(_identity).Load());
    }

    [Fact]
    public void A_file_that_was_changed_is_not_believed()
    {
        File(_identity).Save(Saved());
        System.IO.File.WriteAllText(FilePath, System.IO.File.ReadAllText(FilePath).Replace("\"private\"", "\"public\"", StringComparison.Ordinal));
        Assert.Null(File(_identity).Load());
    }

    [Fact]
    public void A_file_of_another_installation_is_not_believed()
    {
        File(_identity).Save(Saved());
        Assert.Null(File(new() { SigningKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) }).Load());
    }

    [Fact]
    public void A_directory_in_its_place_is_no_model()
    {
        Directory.CreateDirectory(FilePath);
        Assert.Null(File(_identity).Load());
    }

    private string FilePath => Path.Combine(_directory, "state", "read-model.json");

    private ReadModelFile File(IdentitySettings identity)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        return new(new ProxySettings { StateFile = FilePath }, identity, NullLogger<ReadModelFile>.Instance);
    }

    private SavedReadModel Saved() => new(
        Some.Noon, Some.Noon.AddMinutes(-1), 9, [new(3, 7, Some.Endpoint("e", EndpointStatus.Up, Some.Node("n")))], [new(2, 8, Some.Account("acct-1", _key))]);
}
