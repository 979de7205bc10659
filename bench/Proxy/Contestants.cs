using Hypervize.Bench.Load;
using Hypervize.Cli.Platform;

namespace Hypervize.Bench.Proxy;

/// <summary>Those who are measured beside each other, each as its own documentation recommends for this work.</summary>
internal static class Contestants
{
    public const string Ours = "ours";
    public const string Yarp = "yarp";
    public const string YarpTuned = "yarp-tuned";
    public const string Nginx = "nginx";
    public const string Haproxy = "haproxy";
    public const string Direct = "direct";

    private const string Completions = "/v1/chat/completions";

    /// <summary>Those that can be chosen, ours aside, which always takes part.</summary>
    public static IReadOnlyList<string> Others { get; } = [Yarp, YarpTuned, Nginx, Haproxy];

    /// <summary>The node itself.</summary>
    /// <param name="rig">The rig.</param>
    public static Contestant Node(Rig rig) => new(Direct, rig.Node.Port, Completions, Completions, null);

    /// <summary>Starts one.</summary>
    /// <param name="name">Which.</param>
    /// <param name="rig">The rig.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public static Task<Contestant> StartAsync(string name, Rig rig, Action<string> progress, CancellationToken cancel) => name switch
    {
        Ours => rig.StartOursAsync(cancel),
        Yarp => StartYarpAsync(name, rig, [], new Dictionary<string, string>(), cancel),
        YarpTuned => StartYarpAsync(name, rig, ["--inline", "true"], new Dictionary<string, string>
        {
            ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1",
            ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_gcServer"] = "0",
        }, cancel),
        Nginx => StartNginxAsync(rig, progress, cancel),
        Haproxy => StartHaproxyAsync(rig, progress, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such contestant."),
    };

    private static Task<Contestant> StartYarpAsync(string name, Rig rig, string[] arguments, Dictionary<string, string> environment, CancellationToken cancel)
    {
        var folder = Path.Combine(Checkout.Root, "bench", "Yarp", "bin", "Debug", "net10.0");
        var port = Ports.Free();
        string[] command = ["dotnet", Path.Combine(folder, "Hypervize.Bench.Yarp.dll"), "--urls", $"http://127.0.0.1:{port}", "--node", $"http://127.0.0.1:{rig.Node.Port}", .. arguments];
        return rig.StartAsync(name, port, command, With(environment, rig.Marked), folder, Completions, Completions, cancel);
    }

    private static async Task<Contestant> StartNginxAsync(Rig rig, Action<string> progress, CancellationToken cancel)
    {
        var nginx = await Tool.FindAsync(Nginx, "usr/sbin", progress, cancel);
        var port = Ports.Free();
        var folder = Directory.CreateDirectory(Path.Combine(rig.Folder, Nginx)).FullName;
        var file = Path.Combine(folder, "nginx.conf");
        string[] temporary = [.. ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(t => $"{t}_temp_path {folder}/{t};")];
        await File.WriteAllTextAsync(file, $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? $"user {Environment.UserName};" : "")}}
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log warn;
            events { worker_connections 4096; }
            http {
                access_log off;
                keepalive_requests 100000000;
                {{string.Join(' ', temporary)}}
                upstream node {
                    server 127.0.0.1:{{rig.Node.Port}};
                    keepalive 512;
                    keepalive_requests 100000000;
                }
                server {
                    listen 127.0.0.1:{{port}};
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    location / { proxy_pass http://node; }
                    location /stream/ { proxy_pass http://node; proxy_buffering off; }
                }
            }

            """, cancel);
        return await rig.StartAsync(
            Nginx, port, [nginx.Program, "-p", folder, "-e", $"{folder}/error.log", "-c", file], With(nginx.Environment, rig.Marked), folder, Completions, $"/stream{Completions}", cancel);
    }

    private static async Task<Contestant> StartHaproxyAsync(Rig rig, Action<string> progress, CancellationToken cancel)
    {
        var haproxy = await Tool.FindAsync(Haproxy, "usr/sbin", progress, cancel);
        var port = Ports.Free();
        var folder = Directory.CreateDirectory(Path.Combine(rig.Folder, Haproxy)).FullName;
        var file = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            global
                nbthread 1
                maxconn 4096

            defaults
                mode http
                timeout connect 5s
                timeout client 60s
                timeout server 60s
                option http-keep-alive
                option http-no-delay
                http-reuse always

            frontend callers
                bind 127.0.0.1:{port}
                default_backend node

            backend node
                server node 127.0.0.1:{rig.Node.Port}

            """, cancel);
        return await rig.StartAsync(Haproxy, port, [haproxy.Program, "-db", "-f", file], With(haproxy.Environment, rig.Marked), folder, Completions, Completions, cancel);
    }

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> more) => new(environment.Concat(more));
}
