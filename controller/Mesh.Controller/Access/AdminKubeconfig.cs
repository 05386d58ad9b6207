using System.Net;
using System.Text;

namespace Mesh.Controller.Access;

/// <summary>The first administrator's kubeconfig in the data directory, readable by its owner only. Deleting it makes the next start write a new one.</summary>
internal static class AdminKubeconfig
{
    public const string FileName = "admin.kubeconfig";

    public static void WriteIfMissing(string directory, IPEndPoint listen, string rootsPem, AccessTokens tokens)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path))
            return;

        var text = Text(listen, rootsPem, tokens.Create(new User("admin", Role.Admin, [])));
        var partial = path + ".new";
        File.Delete(partial);
        using (var file = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            file.Write(Encoding.UTF8.GetBytes(text));

        File.Move(partial, path, overwrite: true);
    }

    private static string Text(IPEndPoint listen, string rootsPem, string token)
    {
        var address = listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : listen.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listen.Address;
        return $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: mesh
              cluster:
                server: https://{new IPEndPoint(address, listen.Port)}
                certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(rootsPem))}
            users:
            - name: admin
              user:
                token: {token}
            contexts:
            - name: mesh
              context:
                cluster: mesh
                user: admin
                namespace: default
            current-context: mesh

            """;
    }
}
