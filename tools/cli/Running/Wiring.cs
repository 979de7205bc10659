using System.Security.Cryptography;
using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Running;

/// <summary>What the services of an installation are told about each other, about their servers and their secrets.</summary>
/// <param name="Folder">The instance's folder.</param>
/// <param name="Checkout">The checkout whose programs run.</param>
/// <param name="Backing">Its servers.</param>
/// <param name="Ports">Port by name of the service, by <see cref="ProxyInternal"/> and by <see cref="ProxyFirst"/>.</param>
public sealed record Wiring(string Folder, string Checkout, BackingServices Backing, IReadOnlyDictionary<string, int> Ports)
{
    /// <summary>Name of the proxy's second port, for services only.</summary>
    public const string ProxyInternal = "proxy-internal";

    /// <summary>Name of the port that the front door was given first.</summary>
    public const string ProxyFirst = "proxy-first";

    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Origin of everything that users call.</summary>
    public string PublicUrl => $"http://localhost:{Ports[ServiceTable.Proxy]}";

    /// <summary>The port that base URLs were given out with first, when the front door had to leave it to another program; else null.</summary>
    public int? LostPort => Ports.TryGetValue(ProxyFirst, out var first) && first != Ports[ServiceTable.Proxy] ? first : null;

    /// <summary>Where the proxy listens for other services.</summary>
    public string InternalUrl => $"http://127.0.0.1:{Ports[ProxyInternal]}";

    /// <summary>File with the operator's key.</summary>
    public string OperatorKeyFile => Path.Combine(Folder, "operator-key");

    /// <summary>The operator's key: made once per instance.</summary>
    public string OperatorKey => Secret(OperatorKeyFile, () => $"hvz_live_{RandomNumberGenerator.GetString(Base62, 33)}");

    /// <summary>What the services sign identities with: made once per instance.</summary>
    public string SigningKey => Secret(Path.Combine(Folder, "signing-key"), () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>What stored secrets are protected by: made once per instance.</summary>
    public string MasterKey => Secret(Path.Combine(Folder, "master-key"), () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Where the broker is.</summary>
    public (string, string) Bus => ("Bus__Uri", Backing.RabbitMq.Uri);

    /// <summary>A service's own connection string.</summary>
    /// <param name="service">The service.</param>
    public (string, string) Database(string service) => ("Postgres__ConnectionString", $"{Backing.Postgres.ConnectionString};Application Name={service};Maximum Pool Size=40");

    /// <summary>Base address of a service.</summary>
    /// <param name="service">The service.</param>
    public string Url(string service) => $"http://127.0.0.1:{Ports[service]}";

    /// <summary>A folder for a service's own files.</summary>
    /// <param name="name">Its name.</param>
    public string Place(string name) => Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;

    /// <summary>The whole environment that a service is started with, on top of ours.</summary>
    /// <param name="service">The service.</param>
    public IReadOnlyDictionary<string, string> Environment(ServiceDefinition service)
    {
        var environment = new Dictionary<string, string>(service.Settings(this).Select(s => KeyValuePair.Create(s.Variable, s.Value)))
        {
            // The front door listens on both loopback addresses: localhost may be either.
            ["ASPNETCORE_URLS"] = service.Name == ServiceTable.Proxy ? PublicUrl : Url(service.Name),
            [MarkedProcesses.Instance] = Folder,
        };
        if (service.HasIdentity) environment["Identity__SigningKey"] = SigningKey;
        return environment;
    }

    private static string Secret(string file, Func<string> make)
    {
        if (!File.Exists(file)) PrivateFile.Write(file, $"{make()}\n");
        return File.ReadAllText(file).Trim();
    }
}
