using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>The name or address that a server's certificate must carry as a subject alternative name (RFC 9525).</summary>
internal sealed record ServerName(string Value)
{
    internal unsafe void ApplyTo(nint ssl)
    {
        nint parameters = Libssl.SSL_get0_param(ssl);
        if (Ip.TryParse(Value, out _))
        {
            if (Libcrypto.X509_VERIFY_PARAM_set1_ip_asc(parameters, Value) != 1) throw OpenSslErrors.Configuration($"verify the address {Value}");
            return;
        }
        if (Libcrypto.X509_VERIFY_PARAM_set1_host(parameters, Value, 0) != 1) throw OpenSslErrors.Configuration($"verify the name {Value}");
        fixed (byte* name = System.Text.Encoding.ASCII.GetBytes(Value + '\0'))
        {
            Libssl.SSL_ctrl(ssl, Libssl.ControlServerName, 0, name);
        }
    }
}
