// Not run by the tests: Debian has no Spring Boot. Written for 3.2 or newer, Java 17.
// The checkout page: the order is registered with the daemon before the payment window can open.
package com.example.shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.server.ResponseStatusException;

@RestController
class CheckoutController {
    private static final Map<String, Long> PRICES = Map.of("blue-shirt", 64900L, "red-hat", 12000L);

    private final Orders orders;
    private final ObjectMapper json;
    private final RestClient daemon;
    @Value("${portone.store-id:}") private String storeId;
    @Value("${portone.store-code:}") private String storeCode;
    @Value("${portone.channel-key:}") private String channelKey;
    @Value("${shop.return-url:https://pay.example.com/payments/complete}") private String returnUrl;

    CheckoutController(Orders orders, ObjectMapper json,
                       @Value("${reconciled.admin:http://127.0.0.1:8803}") String admin) {
        this.orders = orders;
        this.json = json;
        this.daemon = RestClient.create(admin);
    }

    @PostMapping(path = "/checkout/{item}", produces = MediaType.TEXT_HTML_VALUE)
    String checkout(@PathVariable String item) throws Exception {
        Long amount = PRICES.get(item);  // the shop's price, never the browser's
        if (amount == null) throw new ResponseStatusException(HttpStatus.NOT_FOUND);
        String paymentId = "order-" + UUID.randomUUID();
        orders.create(paymentId, item, amount);
        // Where this throws the buyer gets an error, and no window. {id} is encoded as one segment.
        daemon.put().uri("/orders/{id}", paymentId).contentType(MediaType.APPLICATION_JSON)
            .body(Map.of("amount", amount, "currency", "KRW", "name", item))
            .retrieve().toBodilessEntity();
        var order = new LinkedHashMap<String, Object>(Map.of(
            "paymentId", paymentId, "name", item, "amount", amount, "returnUrl", returnUrl));
        order.putAll(Map.of("storeId", storeId, "storeCode", storeCode, "channelKey", channelKey));
        return new ClassPathResource("checkout.html").getContentAsString(StandardCharsets.UTF_8)
            .replace("__ORDER__", json.writeValueAsString(order).replace("<", "\\u003c"));
    }
}
